"""What is shown: tables on a terminal (`console/`) and report.html (`html/`), from run directories alone."""
